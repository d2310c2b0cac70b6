
namespace NotebookKit.Workshop.World;

/// <summary>What a picture of the toy world is of.</summary>
public enum ToyClass
{
    /// <summary>A sitting plush rabbit with long upright ears.</summary>
    RabbitToy,

    /// <summary>A wide sitting plush bear with big round ears.</summary>
    BearToy,

    /// <summary>A sitting plush dog with long hanging ears and its tongue out.</summary>
    DogToy,

    /// <summary>A slim sitting plush cat with pointed ears, whiskers and a long tail.</summary>
    CatToy,

    /// <summary>A bath duck from the side.</summary>
    DuckToy,

    /// <summary>A tin robot.</summary>
    RobotToy,

    /// <summary>A toy car from the side.</summary>
    CarToy,

    /// <summary>A standing dog from the side.</summary>
    Dog,

    /// <summary>A standing cat from the side, looking at the viewer.</summary>
    Cat,

    /// <summary>A house with a slate roof.</summary>
    House,

    /// <summary>A tree whose crown has the colour.</summary>
    Tree,

    /// <summary>A flower whose petals have the colour.</summary>
    Flower,

    /// <summary>A cup on a saucer.</summary>
    Cup,

    /// <summary>A person whose clothes have the colour.</summary>
    Person,

    /// <summary>A sailing boat whose hull has the colour.</summary>
    Boat,

    /// <summary>A mushroom whose cap has the colour.</summary>
    Mushroom,

    /// <summary>A backpack.</summary>
    Backpack,
}
